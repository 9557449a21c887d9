kubectl describe pod parcel
cat > claim.yaml <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: parcel
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Mi
END
kubectl apply -f claim.yaml
cat > parcel.yaml <<END
apiVersion: v1
kind: Pod
metadata:
  name: parcel
spec:
  nodeName: $(kubectl get nodes -o jsonpath="{.items[0].metadata.name}")
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
    persistentVolumeClaim:
      claimName: parcel
END
kubectl delete pod parcel --now
kubectl apply -f parcel.yaml
