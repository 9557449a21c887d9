kubectl describe pod parcel
cat > parcel.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: parcel
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: 100m
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    emptyDir: {}
END
kubectl delete pod parcel --now
kubectl apply -f parcel.yaml
