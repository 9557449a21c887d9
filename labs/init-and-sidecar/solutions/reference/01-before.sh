cat shop.yaml
kubectl apply -f shop.yaml
kubectl logs shop
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  initContainers:
  - name: migrate
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "sleep 2; echo schema 7 > /data/schema"]
    volumeMounts:
    - name: data
      mountPath: /data
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "cat /data/schema && exec serve"]
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    emptyDir: {}
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl get pod shop
kubectl wait --for=condition=Ready pod/shop --timeout=60s
kubectl get pod shop
